using System.Linq.Expressions;
using System.Reflection;
using MiniTorch.IO;
using Module = MiniTorch.Nn.Module;

namespace MiniTorch.Tests.Fuzzing;

/// <summary>
/// A public constructor, method, operator or property accessor of the libraries; the arguments of an instance's start with the instance.
/// </summary>
internal sealed class PublicCall
{
    private static readonly Assembly[] s_libraries =
        [typeof(Tensor).Assembly, typeof(Module).Assembly, typeof(Onnx).Assembly, typeof(MiniTorch.Mpi.World).Assembly];
    private readonly MethodBase _method;
    private readonly Lazy<Delegate> _call;

    private PublicCall(Type declaring, MethodBase method)
    {
        _method = method;
        ParameterInfo[] parameters = method.GetParameters();
        bool hasInstance = method is MethodInfo { IsStatic: false };
        Types = [.. hasInstance ? [declaring] : Type.EmptyTypes, .. parameters.Select(parameter => parameter.ParameterType)];
        Names = [.. hasInstance ? ["this"] : Array.Empty<string>(), .. parameters.Select(parameter => parameter.Name!)];
        Result = method is MethodInfo { ReturnType: var result } ? result : declaring;
        Name = $"{declaring.Name}.{method.Name}({string.Join(", ", parameters.Select(parameter => parameter.ParameterType.Name))})";
        _call = new Lazy<Delegate>(Compile);
    }

    /// <summary>The public types that can be used as they are; generic ones with arguments that make sense.</summary>
    public static Type[] PublicTypes { get; } =
        [.. s_libraries.SelectMany(library => library.GetExportedTypes())
            .Where(type => !type.IsEnum && !type.IsByRefLike && !type.IsAssignableTo(typeof(Delegate)) && !type.IsInterface && type.Name[0] != '<')
            .Select(Closed)];

    /// <summary>Every public member that can be called with arguments from <see cref="HostileArguments"/>.</summary>
    public static PublicCall[] All { get; } =
        [.. from type in PublicTypes
            from method in (MethodBase[])[.. type.IsAbstract ? [] : type.GetConstructors(), .. type.GetMethods(Declared).Select(Closed)]
            where method.GetParameters().All(parameter => !parameter.ParameterType.IsByRef && !parameter.ParameterType.IsPointer)
                && method is not MethodInfo { ReturnType: { IsByRef: true } or { IsPointer: true } } && !HasCall(method)
            select new PublicCall(type, method)];

    public string Name { get; }

    public Type Result { get; }

    public Type[] Types { get; }

    public string[] Names { get; }

    public bool MakesInstance => _method.IsStatic || _method.IsConstructor;

    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    public object? Invoke(object?[] arguments)
    {
        try
        {
            return _call.Value.DynamicInvoke(arguments);
        }
        catch (TargetInvocationException error)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error.InnerException!);
            throw;
        }
    }

    /// <summary>The type that stands for one that cannot be boxed: an array for a span.</summary>
    public static Type Boxed(Type type) => type.IsByRefLike ? type.GetGenericArguments()[0].MakeArrayType() : type;

    // What an op's rule sees exists only while the op runs.
    private static bool HasCall(MethodBase method) =>
        method.GetParameters().Any(parameter => parameter.ParameterType is { IsByRefLike: true, IsGenericType: false });

    private static Type Closed(Type type) =>
        type.IsGenericTypeDefinition ? type.MakeGenericType([.. type.GetGenericArguments().Select(ArgumentFor)]) : type;

    private static MethodBase Closed(MethodInfo method) =>
        method.IsGenericMethodDefinition ? method.MakeGenericMethod([.. method.GetGenericArguments().Select(ArgumentFor)]) : method;

    private static Type ArgumentFor(Type parameter)
    {
        Type[] constraints = parameter.GetGenericParameterConstraints();
        if (constraints.FirstOrDefault(constraint => constraint.IsInterface && s_libraries.Contains(constraint.Assembly)) is { } kernel)
            return kernel == typeof(IUnaryFunction) ? typeof(Ops.Exp) : kernel == typeof(IBinaryFunction) ? typeof(Ops.Multiply) : typeof(Ops.Where);
        if (constraints.Any(constraint => constraint == typeof(Module))) return typeof(MiniTorch.Nn.Linear);
        return parameter.GenericParameterAttributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint) ? typeof(double)
            : typeof(Tensor);
    }

    // Spans cannot be boxed: they are passed as arrays, and dropped as results.
    private Delegate Compile()
    {
        ParameterExpression[] arguments = [.. Types.Select(type => Expression.Parameter(Boxed(type)))];
        Expression[] converted = [.. arguments.Zip(Types, (argument, type) => argument.Type == type ? (Expression)argument
            : Expression.Convert(argument, type))];
        Expression call = _method is ConstructorInfo constructor ? Expression.New(constructor, converted)
            : _method.IsStatic ? Expression.Call((MethodInfo)_method, converted) : Expression.Call(converted[0], (MethodInfo)_method, converted[1..]);
        Expression result = call.Type == typeof(void) || call.Type.IsByRefLike ? Expression.Block(call, Expression.Constant(null))
            : Expression.Convert(call, typeof(object));
        return Expression.Lambda(result, arguments).Compile();
    }
}
